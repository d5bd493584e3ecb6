import type { TestProject } from 'vitest/node'
import { collectedIn } from './collect.ts'
import { judge } from './verdict.ts'

/** The scan of a run. Throws when it found something, which makes the run fail. */
export async function endOfRun(project: TestProject, folder: string): Promise<void> {
  const begun = performance.now()
  const { faults, summary } = judge(collectedIn(folder), { everything: await everythingPassed(project) })
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  if (faults.length === 0) {
    console.log(`Canary scan: none of ${summary}, in ${seconds} s\n`)
    return
  }
  console.error(`Canary scan of ${summary}, in ${seconds} s:\n${faults.map((fault) => `- ${fault}`).join('\n')}\n`)
  // Vitest fails a run whose teardown throws; should it forget to, the status says it.
  process.exitCode = 1
  throw new Error('The canary scan failed.')
}

/** Only then must every kind of secret and every place have been seen. */
async function everythingPassed(project: TestProject): Promise<boolean> {
  const ran = project.vitest.state.getTestModules()
  const { testFiles } = await project.globTestFiles()
  const all = testFiles.every((file) => ran.some(({ moduleId }) => moduleId === file))
  return all && !project.config.testNamePattern && ran.every((module) => module.ok())
}
