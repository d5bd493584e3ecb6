/** Lets stories happen in the simulated tenants, one after the other, at a pace. */
import { logged, now } from '../../audit/trail.ts'
import { userOf } from '../../builders.ts'
import type { SimulatorEngine } from '../../engine.ts'
import { chanceOf } from '../../random.ts'
import type { User } from '../../world.ts'
import { who } from '../record-forms.ts'
import { type LiveStory, liveStories } from './stories.ts'

export interface LiveOptions {
  /** From the beginning of a story to that of the next one. */
  everyMs: number
  /** Before the first one (default: a minute, or less where the pace is faster). */
  firstAfterMs?: number
  stories?: readonly LiveStory[]
}

export interface Live {
  stop(): void
}

/** Every story happens once; after a reset of the world all of them can happen again. */
export function startLive(engine: SimulatorEngine, options: LiveOptions): Live {
  const { everyMs, firstAfterMs = Math.min(60_000, everyMs), stories = liveStories } = options
  const timers = new Set<NodeJS.Timeout>()
  const after = (ms: number, work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, ms)
    timers.add(timer.unref())
  }
  const begunIn = (): string[] => engine.world.liveStories ?? []

  const begin = (): void => {
    const story = stories.find(({ name }) => !begunIn().includes(name))
    if (story) {
      engine.world.liveStories = [...begunIn(), story.name]
      goOn(story, 0, engine.now(), everyMs)
    } else {
      after(everyMs, begin)
    }
  }

  /** One story after the other, however late the timers are. */
  const goOn = (story: LiveStory, index: number, begunAt: Date, leftMs: number): void => {
    // A reset takes the story out of the world: what is left of it does not happen.
    const isTakenOut = !begunIn().includes(story.name)
    if (isTakenOut || act(engine, story, index, begunAt) === 'OVER') {
      after(leftMs, begin)
    } else {
      const pause = pauseMs(engine, story, index, everyMs)
      after(pause, () => goOn(story, index + 1, begunAt, leftMs - pause))
    }
  }

  after(firstAfterMs, begin)
  return {
    stop: () => {
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
    },
  }
}

/** All of them together are shorter than the time until the next story. */
function pauseMs({ seed }: SimulatorEngine, { name, steps }: LiveStory, index: number, everyMs: number): number {
  const chance = chanceOf(String(seed), 'live', name, String(index))
  return ((everyMs * 0.8) / steps.length) * (0.5 + chance / 2)
}

/** Who takes the account away from the thief ends the story: what is left of it is a sign-in that fails. */
function act(engine: SimulatorEngine, story: LiveStory, index: number, begunAt: Date): 'GOES_ON' | 'OVER' {
  const tenant = engine.world.tenants.find(({ displayName }) => displayName === story.tenant)
  const step = story.steps[index]
  if (!tenant || !step) return 'OVER'
  const user = userOf(tenant, story.person)
  const { ip } = story
  const refusal = refusalOf(user, begunAt)
  logged(engine, tenant, (forms) =>
    refusal
      ? forms.signIn(now, who(user), { ...refusal, ip })
      : step({ world: engine.world, tenant, story: forms, by: who(user), ip }),
  )
  return refusal || index + 1 === story.steps.length ? 'OVER' : 'GOES_ON'
}

function refusalOf(user: User, begunAt: Date): { failed: string; errorNumber: string } | null {
  if (!user.accountEnabled) return { failed: 'UserDisabled', errorNumber: '50057' }
  const lost = [user.signInSessionsValidFromDateTime, user.lastPasswordChangeDateTime]
  if (lost.every((moment) => Date.parse(moment) <= begunAt.getTime())) return null
  return { failed: 'InvalidUserNameOrPassword', errorNumber: '50126' }
}
