// A bare fastify route that answers as the gateway's ping does, and does nothing.
const fastify = require('fastify')();

fastify.post('/v1/workspaces/:owner/:name/ping', async (_, reply) => reply.code(202).send({ outcome: 'held' }));
fastify.listen({ host: '127.0.0.1', port: 0 }).then((url) => process.send({ url }));
