import { printable } from '../../base/index.js';
/** Aligned columns; cells are escaped and bounded, so that hostile text cannot break out of its cell. */
export function table(head, rows, dim) {
    const cells = rows.map((row) => row.map((cell) => printable(cell, 160)));
    const widths = head.map((title, column) => Math.max(title.length, ...cells.map((row) => (row[column] ?? '').length)));
    const line = (row) => row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd();
    return [dim(line(head)), ...cells.map(line)].join('\n');
}
