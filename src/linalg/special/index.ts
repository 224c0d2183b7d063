/**
 * special: functions of one double with the same bits on every engine, from + − × ÷ √ and the bits
 * of their arguments.
 *
 * @module
 */
export { erf, erfc } from './erf.ts';
export { exp } from './exp.ts';
export { expm1 } from './expm1.ts';
export { gelu, geluDerivative } from './gelu.ts';
export { geluTanh, geluTanhDerivative } from './gelu-tanh.ts';
export { log } from './log.ts';
export { logSumExp } from './log-sum-exp.ts';
export { log1p } from './log1p.ts';
export { sigmoid, sigmoidDerivative } from './sigmoid.ts';
export { silu, siluDerivative } from './silu.ts';
export { cos, sin } from './sin-cos.ts';
export { softplus } from './softplus.ts';
export { tanh, tanhDerivative } from './tanh.ts';
