/** Runs with every unit test file: properties begin at a seed of their own each time, or all at `PROPERTY_SEED=N`. */
import fc from 'fast-check';

const { PROPERTY_SEED: seed } = process.env;
if (seed !== undefined && !/^-?\d{1,10}$/.test(seed))
  throw new Error(`PROPERTY_SEED is a whole number, not \`${seed}\``);
fc.configureGlobal(seed === undefined ? {} : { seed: Number(seed) });
