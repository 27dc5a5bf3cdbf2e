/** string-width, loaded when first a text is measured: its tables and patterns take 40 ms, and most text is ASCII. */
let load;

export default function stringWidth(text) {
  load ??= require('string-width').default;
  return load(text);
}
