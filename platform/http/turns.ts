import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/**
 * Requests that a client may have sent on one connection before the answers to those before them.
 * Clients hardly pipeline at all. One with more is cut off: Node cannot stop reading requests in
 * the middle of what it has received.
 */
const MAX_WAITING = 32;

type Exchange = { request: IncomingMessage; response: ServerResponse };
type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Makes the requests of one connection of HTTP/1.1 take turns: each begins when its client has
 * taken the whole answer to the one before. Node begins all pipelined requests at once and keeps
 * their answers in memory.
 */
export function inTurns(serve: Listener): Listener {
  const waiting = new WeakMap<Socket, Exchange[]>();
  const begin = (socket: Socket, { request, response }: Exchange) => {
    response.once("close", () => next(socket));
    serve(request, response);
  };
  const next = (socket: Socket) => {
    const exchange = socket.destroyed ? undefined : waiting.get(socket)?.shift();
    if (exchange) begin(socket, exchange);
    else waiting.delete(socket);
  };
  return (request, response) => {
    const { socket } = request;
    if (socket.destroyed) return;
    const queue = waiting.get(socket);
    if (!queue) {
      waiting.set(socket, []);
      begin(socket, { request, response });
    } else if (queue.length < MAX_WAITING) {
      queue.push({ request, response });
    } else {
      socket.destroy();
    }
  };
}
