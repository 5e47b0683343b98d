/** Columns as wide as their widest cell, two spaces apart; nothing hangs over at the end of a line. */
export function formatTable(given: string[][]): string {
  // A cell stays in its row, whatever text it holds.
  const rows = given.map((row) => row.map((cell) => cell.replace(/[\r\n\t]+/g, ' ')));
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
