// Loaded into a program that a test starts with REPORTS_MEMORY: on SIGUSR2 the program collects its
// garbage and reports its memory.

process.on("SIGUSR2", () => {
  // Collected twice: the second run frees what the first one finalized.
  global.gc?.();
  setImmediate(() => {
    global.gc?.();
    const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage();
    const sockets = process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap");
    const memory = { heapUsed, external, arrayBuffers, rss, sockets: sockets.length };
    process.stdout.write(`${JSON.stringify({ memory })}\n`);
  });
});
