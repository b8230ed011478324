/** Prints rows as aligned columns; columns whose cells all start with a digit are aligned right. */
export function printTable(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const numeric = header.map((_, column) => rows.every((row) => /^\d[\d.,%]*$/.test(row[column] ?? "")));
  for (const line of lines) {
    const cells = line.map((cell, column) =>
      numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
    );
    console.log(`  ${cells.join("  ").trimEnd()}`);
  }
}
