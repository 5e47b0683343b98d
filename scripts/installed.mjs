// npm runs this after an install in the checkout (its `prepare` lifecycle), so that `npm ci` alone makes `npx perennial` work.
import { existsSync } from 'node:fs';
import { inCheckout } from './checkout.mjs';
import { finishInstall } from './dependencies.mjs';

// npx runs it too, on a checkout where nothing is installed; a stamp left there would be a lie.
if (existsSync(inCheckout('node_modules', 'typescript'))) finishInstall();
