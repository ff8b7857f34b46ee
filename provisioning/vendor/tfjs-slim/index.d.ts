export * from '@tensorflow/tfjs-core'
export declare const data: { array(a: unknown[]): any }
