#!/usr/bin/env node
import { inCheckout } from '../scripts/checkout.mjs';
import { prepareOrExit } from '../scripts/prepare.mjs';

// Progress goes to standard error: standard output belongs to the command, and may be read by a program.
await prepareOrExit({ say: console.error });
await import(inCheckout('dist', 'cli', 'index.js'));
