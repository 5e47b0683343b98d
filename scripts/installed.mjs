// npm runs this after an install in the checkout (its `prepare` lifecycle), so that `npm ci` alone makes `npx perennial` work.
import { finishInstall } from './dependencies.mjs';

finishInstall();
