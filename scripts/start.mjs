import { inCheckout } from './checkout.mjs';
import { prepare } from './prepare.mjs';

await prepare();
// In this very process, so that signals reach it and the pid it writes down is its own.
await import(inCheckout('dist', 'start.js'));
