type Paint = (text: string) => string;

/** The meanings to which hs gives a colour. */
export interface Style {
  readonly heading: Paint;
  readonly strong: Paint;
  readonly faint: Paint;
  readonly id: Paint;
  readonly good: Paint;
  readonly warning: Paint;
  readonly bad: Paint;
}

const same: Paint = (text) => text;
export const plainStyle: Style = {
  heading: same,
  strong: same,
  faint: same,
  id: same,
  good: same,
  warning: same,
  bad: same,
};

/** chalk is loaded only if something is coloured. */
export async function colourStyle(): Promise<Style> {
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  // chalk prints every argument it gets, and a table also passes the row.
  return {
    heading: (text) => chalk.bold(text),
    strong: (text) => chalk.bold(text),
    faint: (text) => chalk.dim(text),
    id: (text) => chalk.cyan(text),
    good: (text) => chalk.green(text),
    warning: (text) => chalk.yellow(text),
    bad: (text) => chalk.red(text),
  };
}
