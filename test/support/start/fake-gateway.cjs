// Stands in for the gateway: answers on its port, and ends when told to.
const { createServer } = require('node:http');

const server = createServer((_, response) => response.end('{"status":"ok"}'));
process.on('SIGTERM', () => process.exit(0));
server.listen(Number(process.env.PERENNIAL_GATEWAY_PORT), process.env.PERENNIAL_GATEWAY_HOST, () =>
  process.send({ ready: true }),
);
