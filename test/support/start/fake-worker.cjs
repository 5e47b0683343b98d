// Stands in for the worker: says that it is ready, and ends when told to. It writes its pid where the test can see it.
const { appendFileSync } = require('node:fs');
const path = require('node:path');

appendFileSync(path.join(process.env.PERENNIAL_DIR, 'workers'), `${process.pid} ${process.env.TEMPORAL_ADDRESS}\n`);
const living = setInterval(() => {}, 1_000);
process.on('SIGTERM', () => {
  clearInterval(living);
  process.exit(0);
});
process.send({ ready: true });
