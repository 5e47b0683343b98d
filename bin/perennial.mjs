#!/usr/bin/env node
import { importBuilt } from '../scripts/checkout.mjs';
import { prepareOrExit } from '../scripts/prepare.mjs';

// Progress goes to standard error: standard output belongs to the command, and may be read by a program.
await prepareOrExit({ say: console.error, takesOlder: true });
await importBuilt('cli', 'index.js');
