import { describe, expect, test } from "@jest/globals";
import { chooseToLeave, type Guest } from "../../../src/bitmessage/node/crowding.js";

function guest(host: string, changes: Partial<Guest> = {}): Guest {
  return { host, wasEstablished: true, objectsGiven: 0, since: 0, ...changes };
}

describe("who has to make room", () => {
  test("nobody for one more of the largest network", () => {
    const guests = [guest("20.1.0.1"), guest("20.1.0.2"), guest("30.1.0.1")];
    expect(chooseToLeave("20.1.0.9", guests)).toBeNull();
    expect(chooseToLeave("30.1.0.9", guests)).toBeNull();
    expect(chooseToLeave("40.1.0.9", [])).toBeNull();
  });

  test("a thousand of one network make room for others, the least useful first, until all have the same", () => {
    const attackers = Array.from({ length: 1000 }, (_, index) =>
      guest(`20.1.${index >> 8}.${index & 255}`, { objectsGiven: index === 7 ? 0 : 1, since: index }),
    );
    const guests = [...attackers];
    expect(chooseToLeave("30.1.0.1", guests)).toBe(attackers[7]);
    for (let network = 0; network < 600; network++) {
      const host = `${30 + (network >> 8)}.${network & 255}.0.1`;
      const leaving = chooseToLeave(host, guests);
      guests.splice(guests.indexOf(leaving!), 1, guest(host));
    }
    expect(guests).toHaveLength(1000);
    expect(guests.filter(({ host }) => !host.startsWith("20.1."))).toHaveLength(600);
  });

  test("those who have not introduced themselves go first, the oldest of them before the others", () => {
    const guests = [
      guest("20.1.0.1", { objectsGiven: 5 }),
      guest("20.1.0.2", { wasEstablished: false, since: 2 }),
      guest("20.1.0.3", { wasEstablished: false, since: 1 }),
    ];
    expect(chooseToLeave("30.1.0.1", guests)).toBe(guests[2]);
  });
});
