import { inCheckout } from './checkout.mjs';
import { prepareOrExit } from './prepare.mjs';

await prepareOrExit();
await import(inCheckout('dist', 'bench', 'index.js'));
