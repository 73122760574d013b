// Hands a file to the person.

export function save(name, blob) {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken hold of it by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

export const saveCsv = (name, text) => save(`${name}.csv`, new Blob([text], { type: "text/csv" }));

export function savePicture(name, canvas) {
  canvas.toBlob((blob) => blob && save(`${name}.png`, blob), "image/png");
}
