import { Command } from 'commander'
import { errorMessage, LabError } from '../errors.ts'

/** `tickerlake kernel`: lets Jupyter and VS Code find the notebooks' kernel. */
export function kernelCommand(): Command {
  return new Command('kernel')
    .description('register the notebook kernel "TypeScript (tickerlake)" for Jupyter and VS Code')
    .option('--dir <folder>', "folder of kernels; default the user's own")
    .option('--remove', 'take it away again')
    .action(async ({ dir, remove }: { dir?: string; remove?: boolean }) => {
      const { removeKernelspec, userKernels, writeKernelspec } = await import('../../provisioning/kernelspec.ts')
      const kernels = dir ?? userKernels()
      if (remove) {
        console.log(removeKernelspec(kernels) ? `removed from ${kernels}` : `there was none in ${kernels}`)
        return
      }
      try {
        console.log(`registered: ${writeKernelspec(kernels)}`)
      } catch (error) {
        throw new LabError(
          'KERNEL_FOLDER',
          `${kernels}: the kernel cannot be written: ${errorMessage(error)}. Choose another folder with --dir.`,
          { cause: error },
        )
      }
      console.log('In VS Code: open a notebook of notebooks/, "Select Kernel", "Jupyter Kernel", "TypeScript (tickerlake)".')
    })
}
