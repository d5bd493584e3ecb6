import type { StepFailureCode } from './codes.ts'

/** Thrown by an entry that knows better than the status code why its step failed, and that nothing was changed. */
export class StepFailure extends Error {
  readonly code: StepFailureCode
  readonly requestId: string | null

  constructor(code: StepFailureCode, requestId: string | null) {
    super(code)
    this.name = 'StepFailure'
    this.code = code
    this.requestId = requestId
  }
}
