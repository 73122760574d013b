// Where windows stand on a screen. Pure.

// As square as it goes, the last row stretched: five are three over two. `{ left, top, width, height }`.
export function tiles(count, { left, top, width, height }) {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - columns * (rows - 1) : columns;
    return {
      left: Math.round(left + ((index % columns) * width) / inRow),
      top: Math.round(top + (row * height) / rows),
      width: Math.floor(width / inRow),
      height: Math.floor(height / rows),
    };
  });
}
