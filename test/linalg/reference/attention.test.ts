import { expect, test } from 'vitest';
import { addExact, exact, multiplyExact, subtractExact, sumExact, ZERO, absExact, compareExact } from '../../../src/linalg/exact.ts';
import { Random } from '../../../src/linalg/random.ts';
import {
  type AttentionSizes,
  attention,
  attentionBackward,
} from '../../../src/linalg/reference/attention.ts';
import { softmax } from '../../../src/linalg/reference/softmax.ts';
import { assertSameBits } from '../../support/same-bits.ts';
import { ascending, blank, leavesAlone, normals, twoLanes } from '../cases.ts';
