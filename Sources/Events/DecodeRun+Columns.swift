/// The columns of an event's properties, and what becomes of names that are more than a site may have.
extension DecodeRun {
    /// Finds the column of each property in a batch, adding those that are missing.
    @inline(__always)
    mutating func findColumns(in partition: Int) {
        var missing = 0
        for index in 0..<propertyCount {
            let column = partitions.all[partition].names.find(scratch.properties[index].nameHash)
            scratch.properties[index].column = column
            if column < 0 { missing &+= 1 }
        }
        if missing > 0 { addColumns(to: partition) }
    }

    /// Adds the columns that are missing. A property whose name is one too many for its site has none, and
    /// ``DecodeScratch/Property/column`` -1.
    @inline(never)
    private mutating func addColumns(to partition: Int) {
        for index in 0..<propertyCount where scratch.properties[index].column < 0 {
            let property = scratch.properties[index]
            // The same name may stand twice, as `a.b` and as `a` with `b` in it.
            let known = partitions.all[partition].names.find(property.nameHash)
            if known >= 0 {
                scratch.properties[index].column = known
            } else if admitProperty(property.nameHash, site: partitions.all[partition].batch.site) {
                scratch.properties[index].column = partitions.addColumn(
                    partition, name: property.name, hash: property.nameHash)
            }
        }
    }

    private mutating func admitProperty(_ nameHash: UInt64, site: String) -> Bool {
        guard context.isRehearsal else { return decoder.propertyNames.admit(site: site, hash: nameHash) }
        let rehearsed = rehearsedNames[site] ?? []
        guard decoder.propertyNames.wouldAdmit(site: site, hash: nameHash, with: rehearsed) else { return false }
        rehearsedNames[site, default: []].insert(nameHash)
        return true
    }

    /// Sets the properties of the newest row.
    @inline(__always)
    mutating func setProperties(_ batch: ColumnBatch, in partition: Int) {
        var isOverflowing = false
        for index in 0..<propertyCount {
            let property = scratch.properties[index]
            if property.column < 0 {
                isOverflowing = true
            } else if property.list.isEmpty {
                batch.set(column: property.column, bytes: property.scalar.bytes, kind: property.scalar.kind)
            } else {
                listValues.removeAll(keepingCapacity: true)
                for member in property.list {
                    let scalar = scratch.listMembers[Int(member)]
                    listValues.append((bytes: scalar.bytes, kind: scalar.kind))
                }
                batch.setList(column: property.column, listValues)
            }
        }
        if isOverflowing { setOverflow(batch, in: partition) }
    }

    /// Keeps the properties that have no column as values `NAME=VALUE` of one that all of them share. What the event says
    /// under that very name stays with them.
    @inline(never)
    private mutating func setOverflow(_ batch: ColumnBatch, in partition: Int) {
        let column = partitions.overflowColumn(partition)
        var text: [UInt8] = []
        var ends: [Int] = []
        func add(_ name: UnsafeRawBufferPointer?, _ value: UnsafeRawBufferPointer) {
            if let name {
                text.append(contentsOf: name)
                text.append(UInt8(ascii: "="))
            }
            text.append(contentsOf: value)
            ends.append(text.count)
        }
        for index in 0..<propertyCount {
            let property = scratch.properties[index]
            guard property.column < 0 || property.column == column else { continue }
            let name = property.column < 0 ? property.name : nil
            if property.column < 0 { result.overflowedProperties &+= 1 }
            if property.list.isEmpty { add(name, property.scalar.bytes) }
            for member in property.list { add(name, scratch.listMembers[Int(member)].bytes) }
        }
        text.withUnsafeBytes { bytes in
            listValues.removeAll(keepingCapacity: true)
            var start = 0
            for end in ends {
                listValues.append((bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end]), kind: .string))
                start = end
            }
            batch.setList(column: column, listValues)
        }
        listValues.removeAll(keepingCapacity: true)
    }

    /// The name under which an event is kept: its own, or that of all whose names are more than their site may have.
    @inline(__always)
    mutating func admittedName(
        _ name: UnsafeRawBufferPointer, _ nameHash: inout UInt64, in partition: Int
    ) -> UnsafeRawBufferPointer {
        guard let names = decoder.eventNames else { return name }
        if partitions.all[partition].batch.names.contains(hash: nameHash, kind: .string) { return name }
        return admitName(name, &nameHash, names, site: partitions.all[partition].batch.site)
    }

    @inline(never)
    private mutating func admitName(
        _ name: UnsafeRawBufferPointer, _ nameHash: inout UInt64, _ names: PropertyNames, site: String
    ) -> UnsafeRawBufferPointer {
        let isAdmitted: Bool
        if context.isRehearsal {
            isAdmitted = names.wouldAdmit(site: site, hash: nameHash, with: rehearsedEvents[site] ?? [])
            if isAdmitted { rehearsedEvents[site, default: []].insert(nameHash) }
        } else {
            isAdmitted = names.admit(site: site, hash: nameHash)
        }
        let other: StaticString = "__other__"
        if isAdmitted || name.elementsEqual(EventDecoder.overflowEvent.utf8) { return name }
        result.overflowedEvents &+= 1
        let bytes = UnsafeRawBufferPointer(start: other.utf8Start, count: other.utf8CodeUnitCount)
        nameHash = hash(bytes)
        return bytes
    }
}
