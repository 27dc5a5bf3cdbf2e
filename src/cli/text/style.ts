type Paint = (text: string) => string;

/** The few meanings that hs colours. */
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

/** chalk is loaded only where something is coloured. */
export async function colourStyle(): Promise<Style> {
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    heading: chalk.bold,
    strong: chalk.bold,
    faint: chalk.dim,
    id: chalk.cyan,
    good: chalk.green,
    warning: chalk.yellow,
    bad: chalk.red,
  };
}
