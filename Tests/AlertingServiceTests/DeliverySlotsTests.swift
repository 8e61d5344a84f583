import Contracts
import Testing

@testable import AlertingService

@Suite("DeliverySlots")
struct DeliverySlotsTests {
    private func key(_ receiver: ReceiverID) -> Delivery.Key {
        Delivery.Key(incident: .make(), transition: .firing, receiver: receiver)
    }

    @Test("are so many to each receiver and so many to all, and each delivery has one at most")
    func bounds() {
        var slots = DeliverySlots(total: 4, perReceiver: 2)
        let receivers = (0..<4).map { _ in ReceiverID.make() }
        let first = key(receivers[0])
        let admitted = [
            slots.take(first), slots.take(first), slots.take(key(receivers[0])), slots.take(key(receivers[0])),
            slots.take(key(receivers[1])), slots.take(key(receivers[2])), slots.take(key(receivers[3])),
        ]
        #expect(admitted == [true, false, true, false, true, true, false])
        slots.free(first)
        slots.beginRound()
        let afterwards = [slots.take(key(receivers[3])), slots.take(key(receivers[1]))]
        #expect(afterwards == [true, false])
    }

    @Test("are not given to what ended while the round was read")
    func endedMeanwhile() {
        var slots = DeliverySlots(total: 4, perReceiver: 2)
        let delivery = key(.make())
        slots.beginRound()
        let first = slots.take(delivery)
        slots.beginRound()
        slots.free(delivery)
        let stale = slots.take(delivery)
        slots.beginRound()
        let fresh = slots.take(delivery)
        #expect([first, stale, fresh] == [true, false, true])
    }
}
