// Loaded into a program that a test starts with REPORTS_MEMORY: on SIGUSR2 it says what it has left.

process.on("SIGUSR2", () => {
  // Twice: what the first run finalizes is freed by the second.
  global.gc?.();
  setImmediate(() => {
    global.gc?.();
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    const sockets = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap");
    const memory = { heapUsed, external, arrayBuffers, rss, sockets: sockets.length };
    process.stdout.write(`${JSON.stringify({ memory })}\n`);
  });
});
