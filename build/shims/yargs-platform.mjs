/** Stands for the platform module of yargs, of which the parser uses nothing. */
export default {};
