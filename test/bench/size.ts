/** Whether each benchmark is only to show that it runs, as CI wants to know; its figures mean nothing then. */
export const IS_SMALLEST = process.argv.includes('--smallest');

/** A count or a time, by how much is wanted. */
export const sized = (usual: number, smallest: number): number => (IS_SMALLEST ? smallest : usual);
