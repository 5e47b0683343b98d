/** Ends every sandbox of DIR and marks it as ended by the stack. */
export async function endSandboxes(_where: { dir: string; images: string }): Promise<void> {}
