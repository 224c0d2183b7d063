/**
 * The kernels that the rest of the engine calls.
 *
 * This is the one place where a name is bound to its implementation. Today each is its plain
 * twin; a faster one with the same bits takes its place here, and nowhere else.
 *
 * @module
 */
export * from './reference.ts';
