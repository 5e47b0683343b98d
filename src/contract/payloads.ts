/** All public payloads; each family stands in a file of its own. */
export * from './inputs';
export * from './settings';
export * from './states';
export * from './usage';
export * from './views';
