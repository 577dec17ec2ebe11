// Imported into a program of the shop by NODE_OPTIONS: at SIGUSR2 the event loop is busy for a
// while. Unlike those of a stopped process, its sockets go on accepting data.

const BUSY_MS = 5_000;

process.on("SIGUSR2", () => {
  const untilMs = performance.now() + BUSY_MS;
  while (performance.now() < untilMs);
});
