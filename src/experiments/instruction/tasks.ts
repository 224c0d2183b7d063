/**
 * The language of figure `instruction`: an instruction, three digits, an equals sign, and three digits of answer.
 *
 *   SUM a b c = s_2 s_1 s_0      a + b + c, zeros in front
 *   PRODUCT a b c = p_2 p_1 p_0  a·b·c
 *
 * Source: the prompts of arXiv:2510.08734, table 1, as tokens.
 *
 * @module
 */
import { type Matrix, matrix } from '../../linalg/index.ts';
import {
  gpt2Block,
  type LanguageModel,
  languageModel,
  NO_TARGET,
  network,
  nextTokenPrediction,
  type Problem,
} from '../../model/index.ts';

export interface ModelSizes {
  readonly blocks: number;
  readonly width: number;
  readonly heads: number;
  readonly hidden: number;
}

const EQUALS = 10;
const VOCABULARY = 13;

export interface Task {
  readonly name: string;
  /** The token that asks for it. */
  readonly instruction: number;
  answer(digits: readonly number[]): number;
}

export const TASKS: readonly Task[] = [
  { name: 'sum', instruction: 11, answer: ([a, b, c]) => a + b + c },
  { name: 'product', instruction: 12, answer: ([a, b, c]) => a * b * c },
];

/** All (a, b, c), by a·100 + b·10 + c. */
export const QUESTIONS = 1000;

/** Tokens of an answer, and of all that is read: instruction, three digits, equals sign, two digits of the answer. */
export const ANSWER = 3;
export const READ = 7;

/** Tokens that stay when the instruction is taken away, at the positions they had. */
export const RETAINED: readonly number[] = [1, 2, 3, 4, 5, 6];

const digits = (x: number): number[] => [Math.floor(x / 100), Math.floor(x / 10) % 10, x % 10];

/** INSTRUCTION a b c =. */
export const promptOf = ({ instruction }: Task, question: number): number[] => [
  instruction,
  ...digits(question),
  EQUALS,
];

/** The right answer. */
export const answerOf = ({ answer }: Task, question: number): number[] =>
  digits(answer(digits(question)));

/** GPT-2 blocks with learned positions. */
export const modelOf = ({ blocks, ...sizes }: ModelSizes): LanguageModel =>
  languageModel({
    network: network(Array.from({ length: blocks }, () => gpt2Block(sizes))),
    vocabulary: VOCABULARY,
    learnedPositions: READ,
    finalNorm: 'layer',
    epsilon: 1e-5,
  });

/** Training on whole answers, `batch` of them a step. */
export const problemOf = (sizes: ModelSizes, batch: number): Problem =>
  nextTokenPrediction(modelOf(sizes), { targets: ANSWER * batch });

/** A micro-batch: what is read, and the answers as targets. */
export function foldQuestions(asked: readonly (readonly [Task, number])[]): Matrix[] {
  const [ids, targets] = [matrix(asked.length, READ), matrix(asked.length, READ)];
  asked.forEach(([task, question], b) => {
    const [prompt, answer] = [promptOf(task, question), answerOf(task, question)];
    ids.data.set([...prompt, ...answer.slice(0, -1)], b * READ);
    targets.data.fill(NO_TARGET, b * READ, b * READ + READ - ANSWER);
    targets.data.set(answer, (b + 1) * READ - ANSWER);
  });
  return [ids, targets];
}
