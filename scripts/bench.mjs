import { inCheckout } from './checkout.mjs';
import { prepare } from './prepare.mjs';

await prepare();
await import(inCheckout('dist', 'bench', 'index.js'));
