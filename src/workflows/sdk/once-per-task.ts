/** One task may bring thousands of signals; the current details matter only at its end. */
export function oncePerTask(work: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    void Promise.resolve().then(() => {
      isDue = false;
      work();
    });
  };
}
