import { expect, test } from "@jest/globals";
import { plot } from "../../../src/app/web/page/plots.js";
import { type Meter, Sampler } from "../../../src/app/web/sampler.js";
import type { Sample } from "../../../src/store/stores.js";

test("each minute becomes a sample of what has grown in it", () => {
  const written: Sample[] = [];
  const removed: number[] = [];
  let time = 6000;
  let look = () => {};
  let meter: Meter = {
    peers: 2,
    bytesReceived: 100,
    bytesSent: 0,
    objectsReceived: 5,
    objectsSent: 0,
    working: false,
  };
  const sampler = new Sampler({
    samples: {
      add: (sample) => written.push(sample),
      since: () => [],
      removeBefore: (before) => removed.push(before),
    },
    read: () => meter,
    clock: () => time,
    repeat(_seconds, task) {
      look = task;
      return () => {
        look = () => {};
      };
    },
  });
  sampler.start();
  time += 30;
  meter = { ...meter, working: true };
  look();
  time += 30;
  meter = { ...meter, peers: 3, bytesReceived: 350, objectsReceived: 4, working: false };
  look();
  expect(written).toEqual([
    {
      time: 6000,
      peers: 3,
      bytesReceived: 250,
      bytesSent: 0,
      objectsReceived: 0,
      objectsSent: 0,
      working: 0.5,
    },
  ]);
  expect(removed).toEqual([6000 - 8 * 86_400]);
  sampler.stop();
  time += 60;
  look();
  expect(written).toHaveLength(1);
});

const sample = (time: number, peers: number): Sample => ({
  time,
  peers,
  bytesReceived: 0,
  bytesSent: 0,
  objectsReceived: 0,
  objectsSent: 0,
  working: 0,
});

function draw(samples: readonly Sample[]): string {
  return plot({
    title: "<Peers>",
    series: [{ label: "all", className: "first", value: (one) => one.peers }],
    samples,
    from: 0,
    until: 96 * 60,
    formatValue: (value) => String(value),
    formatTime: (time) => `t${time}`,
    unit: "count",
    nothing: "nothing yet",
    atLeast: 1,
  }).text;
}

test("a plot leaves a gap where nothing was written, and says in words what it shows", () => {
  const text = draw([sample(0, 2), sample(60, 4), sample(600, 3), sample(6000, 9)]);
  expect(text).toContain('aria-label="&lt;Peers&gt;. all: 3, max. 4"');
  expect(text.match(/class="line first" d="([^"]*)"/)?.[1]?.match(/M/g)).toHaveLength(1);
  expect(text).not.toMatch(/NaN|undefined|Infinity/);
  expect(text).toContain(
    '<div class="scale" aria-hidden="true"><span>4</span><span>2</span><span>0</span></div>',
  );
  expect(draw([])).toContain("nothing yet");
});
