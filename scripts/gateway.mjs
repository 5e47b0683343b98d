import { importBuilt } from './checkout.mjs';
import { prepareOrExit } from './prepare.mjs';

await prepareOrExit({ staysUp: true });
// In this very process, so that signals reach it and the pid it writes down is its own.
await importBuilt('gateway.js');
