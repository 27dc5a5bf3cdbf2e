/** Stands for react-devtools-core, which Ink asks for only when it is debugged. */
export default {};
