// Imported into a program of the shop (NODE_OPTIONS): at SIGUSR2 its event loop does nothing else for a while, while its
// sockets, unlike those of a stopped process's peer, go on taking what arrives.

const BUSY_MS = 5_000;

process.on("SIGUSR2", () => {
  const untilMs = performance.now() + BUSY_MS;
  while (performance.now() < untilMs);
});
