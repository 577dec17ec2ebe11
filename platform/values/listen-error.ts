const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use; end the program that listens there, or choose another port",
  EACCES: "the system does not permit it; choose a port from 1024 on, or run as a user who may",
  EADDRNOTAVAIL: "this machine does not have that address; choose one of its own, or 0.0.0.0",
  ENOTFOUND: "the host name has no address; choose one of this machine",
};

/**
 * A server cannot listen on its address. The message names the address, the reason and the remedy,
 * and `code` is the system's, such as EADDRINUSE.
 */
export class ListenError extends Error {
  readonly code: string | undefined;

  constructor(address: string, cause: Error) {
    // grpc-js gives the code only within its message.
    const code =
      (cause as { code?: unknown }).code ?? /\bE[A-Z]{4,}\b/.exec(cause.message)?.[0] ?? "";
    const reason = REASONS[String(code)] ?? cause.message;
    super(`cannot listen on ${address}: ${reason}`, { cause });
    this.name = "ListenError";
    this.code = typeof code === "string" && code !== "" ? code : undefined;
  }
}
