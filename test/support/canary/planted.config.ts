/** For a run that has to fail: `planted.ts` alone, with everything else as in any run. */
import base from '../../../vitest.config.ts'

export default { ...base, test: { ...base.test, include: ['test/support/canary/planted.ts'] } }
