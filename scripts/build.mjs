/** `npm run build`: compiles, and bundles the workflows, so that a worker starts without doing it. */
import { importBuilt } from './checkout.mjs';
import { prepareOrExit } from './prepare.mjs';

await prepareOrExit();
const { default: bundle } = await importBuilt('worker', 'bundle.js');
await bundle.prebuildWorkflows();
