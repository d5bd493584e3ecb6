import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { aLog } from '../../test/support/log.ts'
import { ownerSql } from '../../test/support/owner-sql.ts'
import { aDatabase, type TestDatabase } from '../../test/support/postgres.ts'
import { openClient } from './driver.ts'
import { forgetDeadJobs, type JobRunner, runJobs } from './job-runner.ts'
import { enqueue } from './jobs.ts'

let database: TestDatabase
let runner: JobRunner | null = null
const done: string[] = []
beforeEach(async () => {
  database = await aDatabase()
  done.length = 0
})
afterEach(async () => {
  await runner?.close()
  runner = null
  await database.drop()
})

const begin = async (work = async (name: string) => void done.push(name)) => {
  const tasks = { note: (payload: unknown) => work((payload as { name: string }).name) }
  runner = await runJobs({ url: database.jobsUrl, log: aLog().log, tasks, concurrency: 2, pollMs: 100 })
}
const add = (name: string, jobKey?: string) =>
  database.db.plain((tx) => enqueue(tx, 'note', { name }, jobKey ? { jobKey } : {}))
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(20)
}
async function asJobs(statement: string) {
  const client = openClient(database.jobsUrl)
  try {
    return await client.unsafe(statement)
  } finally {
    await client.end()
  }
}
const waiting = () => asJobs('select payload from graphile_worker._private_jobs')

test('runs what was put into the queue before and after it began', async () => {
  await add('before')
  await begin()
  await add('after')
  await until(() => done.length === 2)
  expect(done.toSorted()).toEqual(['after', 'before'])
})

test('goes on by itself when the database cuts its connections, whatever it was doing', async () => {
  await begin()
  for (let time = 1; time <= 4; time += 1) {
    await add(`before ${time}`)
    // Sometimes in the midst of a job, sometimes while nothing is there to do.
    if (time % 2 === 0) await until(() => done.length > 2 * (time - 1))
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity where usename = 'jobs' and datname = current_database()`
    await ownerSql(database, cut)
    await add(`after ${time}`)
    await until(() => done.includes(`after ${time}`) && done.includes(`before ${time}`))
  }
})

test('closing waits for the job under way, and begins no other', async () => {
  let let_go = () => {}
  const held = new Promise<void>((resolve) => {
    let_go = resolve
  })
  await begin(async (name) => {
    done.push(name)
    await held
  })
  await add('first')
  await until(() => done.length === 1)
  const closed = runner?.close()
  await add('second')
  await sleep(300)
  let_go()
  await closed
  expect(done).toEqual(['first'])
  expect(await waiting()).toEqual([{ payload: { name: 'second' } }])
})

test('a job that a dead worker held gives its key to the next one, and is forgotten later', async () => {
  await add('held', 'one')
  await asJobs("update graphile_worker._private_jobs set locked_at = now(), locked_by = 'dead', attempts = 1")
  await add('next', 'one')
  await begin()
  await until(() => done.length === 1)
  expect(done).toEqual(['next'])
  expect(await waiting()).toEqual([{ payload: { name: 'held' } }])
  await asJobs('update graphile_worker._private_jobs set locked_at = null, locked_by = null')
  await forgetDeadJobs(database.jobsUrl)
  expect(await waiting()).toEqual([])
})
