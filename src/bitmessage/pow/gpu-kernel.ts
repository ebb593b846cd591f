/** The search on a graphics processor, through the `webgpu` package (Dawn), which is not installed by itself. */
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { PARAMETER_WORDS, searchShader, shaderConstants, WORKGROUP } from "./gpu-shader.js";
import type { Work } from "./solver.js";

export interface GpuKernel {
  /** What the driver says of itself. */
  readonly adapter: string;
  /**
   * Tries at least count nonces from start on, modulo 2^64, and returns the offset of the first hit among count, or -1.
   * count: 1 to 2^30.
   */
  search(work: Work, start: bigint, count: number): Promise<number>;
}

/** The part of WebGPU (W3C) that is used here. */
interface Gpu {
  requestAdapter(options: object): Promise<Adapter | null>;
}
interface Adapter {
  readonly info: { readonly vendor: string; readonly architecture: string; readonly description: string };
  requestDevice(): Promise<Device>;
}
interface Device {
  readonly queue: {
    writeBuffer(buffer: Buffer, offset: number, data: ArrayBufferView): void;
    submit(commands: readonly unknown[]): void;
  };
  createShaderModule(description: object): unknown;
  createComputePipelineAsync(description: object): Promise<{ getBindGroupLayout(index: number): unknown }>;
  createBindGroup(description: object): unknown;
  createBuffer(description: { size: number; usage: number }): Buffer;
  createCommandEncoder(): CommandEncoder;
}
interface Buffer {
  mapAsync(mode: number): Promise<void>;
  getMappedRange(): ArrayBuffer;
  unmap(): void;
}
interface CommandEncoder {
  beginComputePass(): {
    setPipeline(pipeline: unknown): void;
    setBindGroup(index: number, group: unknown): void;
    dispatchWorkgroups(count: number): void;
    end(): void;
  };
  copyBufferToBuffer(from: Buffer, fromOffset: number, to: Buffer, toOffset: number, size: number): void;
  finish(): unknown;
}

/** GPUBufferUsage and GPUMapMode. */
const MAP_READ = 1;
const COPY_SOURCE = 4;
const COPY_TARGET = 8;
const STORAGE = 128;

const MOST_WORKGROUPS = 4096;
const NO_HIT = 0xffffffff;
const PARAMETER_BYTES = PARAMETER_WORDS * 8;

/** Whether the package can be found. */
export function hasGpuPackage(): boolean {
  try {
    createRequire(import.meta.url).resolve("webgpu");
    return true;
  } catch {
    return false;
  }
}

/** Dawn ends the process when what a device was made from is collected before it. */
const kept: unknown[] = [];

/** Throws Error if there is no package, no driver, or if the driver does not take the shader. */
export async function createGpuKernel(): Promise<GpuKernel> {
  const path = createRequire(import.meta.url).resolve("webgpu");
  const { create } = (await import(pathToFileURL(path).href)) as { create(options: string[]): Gpu };
  const gpu = create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new Error("no graphics driver was found");
  const device = await adapter.requestDevice();
  kept.push(gpu, adapter, device);
  const { vendor, architecture, description } = adapter.info;
  const search = await prepareSearch(device);
  return { adapter: [vendor, architecture, description].filter(Boolean).join(", "), search };
}

async function prepareSearch(device: Device): Promise<GpuKernel["search"]> {
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code: searchShader() }), entryPoint: "search" },
  });
  const parameters = device.createBuffer({ size: PARAMETER_BYTES, usage: STORAGE | COPY_TARGET });
  const constants = device.createBuffer({ size: 80 * 8, usage: STORAGE | COPY_TARGET });
  const result = device.createBuffer({ size: 4, usage: STORAGE | COPY_TARGET | COPY_SOURCE });
  const readable = device.createBuffer({ size: 4, usage: MAP_READ | COPY_TARGET });
  device.queue.writeBuffer(constants, 0, shaderConstants());
  const buffers = [parameters, constants, result];
  const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });

  return async (work, start, count) => {
    const workgroups = Math.min(MOST_WORKGROUPS, Math.ceil(count / WORKGROUP));
    const invocations = workgroups * WORKGROUP;
    const shape = { invocations, repetitions: Math.ceil(count / invocations) };
    device.queue.writeBuffer(parameters, 0, encodeParameters(work, start, shape));
    device.queue.writeBuffer(result, 0, Uint32Array.of(NO_HIT));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(workgroups);
    pass.end();
    encoder.copyBufferToBuffer(result, 0, readable, 0, 4);
    device.queue.submit([encoder.finish()]);
    await readable.mapAsync(MAP_READ);
    const offset = new Uint32Array(readable.getMappedRange())[0]!;
    readable.unmap();
    return offset < count ? offset : -1;
  };
}

function encodeParameters(
  work: Work,
  start: bigint,
  shape: { readonly invocations: number; readonly repetitions: number },
): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(PARAMETER_BYTES));
  const hash = new DataView(work.initialHash.buffer, work.initialHash.byteOffset, 64);
  bytes.setBigUint64(0, BigInt.asUintN(64, start), true);
  bytes.setBigUint64(8, work.target, true);
  for (let index = 0; index < 8; index++)
    bytes.setBigUint64(16 + 8 * index, hash.getBigUint64(8 * index), true);
  bytes.setUint32(80, shape.invocations, true);
  bytes.setUint32(84, shape.repetitions, true);
  return new Uint8Array(bytes.buffer);
}
