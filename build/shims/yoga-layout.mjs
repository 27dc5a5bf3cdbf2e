/** Stands for yoga-layout, which is there when its module is: this one is empty until `loadLayout` has come to its end. */
import { loadYoga } from 'yoga-layout/load';

export * from 'yoga-layout/load';

const Yoga = {};
export default Yoga;

export async function loadLayout() {
  Object.assign(Yoga, await loadYoga());
}
