/** The sandbox's worker: the real one. */
import { readConfig } from '../config.ts'
import { runWorker } from '../run-worker.ts'
import { runUntilAbandoned } from './until-abandoned.ts'

await runUntilAbandoned(await runWorker(readConfig('WORKER')))
