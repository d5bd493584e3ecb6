/** Thrown into the start when somebody wants the sandbox to end. */
export class StopAsked extends Error {}

export interface StopSignal {
  /** Settles at the first signal. */
  asked: Promise<void>
  /** Settles when somebody presses Ctrl-C again: nothing is waited for any more. */
  hurried: Promise<void>
  isAsked(): boolean
  /** The work's result, unless a signal comes first: then it throws `StopAsked`. */
  orStop<T>(work: Promise<T>): Promise<T>
  /** Stops listening to signals. */
  release(): void
}

/** Ctrl-C reaches us twice, from the terminal and forwarded by npm; so a second one counts only after this time. */
const secondAfterMs = 700
const parentCheckMs = 500

/**
 * Listens to SIGINT, SIGTERM and SIGHUP. Started by npm or npx the sandbox also ends when that parent is gone: it would
 * run on with nobody to stop it.
 */
export function listenForStop(): StopSignal {
  let askedAt: number | null = null
  let ask = () => {}
  let hurry = () => {}
  const asked = new Promise<void>((done) => {
    ask = done
  })
  const hurried = new Promise<void>((done) => {
    hurry = done
  })
  const onSignal = () => {
    if (askedAt === null) {
      askedAt = Date.now()
      ask()
    } else if (Date.now() - askedAt > secondAfterMs) hurry()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const name of signals) process.on(name, onSignal)
  const parent = process.ppid
  const started = process.env['npm_lifecycle_event'] !== undefined || process.env['TOURNIQUET_LAUNCHER'] !== undefined
  const watch = started
    ? setInterval(() => {
        if (process.ppid !== parent) onSignal()
      }, parentCheckMs).unref()
    : null
  return {
    asked,
    hurried,
    isAsked: () => askedAt !== null,
    async orStop(work) {
      // A failure that comes after the signal is nobody's any more.
      work.catch(() => {})
      return Promise.race([
        work,
        asked.then(() => {
          throw new StopAsked()
        }),
      ])
    },
    release() {
      for (const name of signals) process.off(name, onSignal)
      if (watch) clearInterval(watch)
    },
  }
}
