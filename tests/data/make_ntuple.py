"""Writes leaves_rntuple*.root: an RNTuple of all numeric encodings, in several
clusters and many pages, with columns that begin late, two representations of
one field, and all layouts of collections.

    python make_ntuple.py        (needs ROOT 6.40)
"""
import math

import ROOT

ROOT.gInterpreter.Declare("struct Vertex { float z = 0; int ndof = 0; };")
ROOT.gInterpreter.Declare("""
struct Missing { float pt = 0; double phi = 0; Vertex vertex; };
struct Particle { float pt = 0; std::int16_t charge = 0; bool tight = false; };
std::unique_ptr<ROOT::RField<float>> half(const char *name) {
  auto field = std::make_unique<ROOT::RField<float>>(name); field->SetHalfPrecision(); return field;
}
std::unique_ptr<ROOT::RField<float>> truncated(const char *name, int bits) {
  auto field = std::make_unique<ROOT::RField<float>>(name); field->SetTruncated(bits); return field;
}
std::unique_ptr<ROOT::RField<float>> quantized(const char *name, int bits) {
  auto field = std::make_unique<ROOT::RField<float>>(name); field->SetQuantized(-10, 10, bits); return field;
}
void small(ROOT::REntry &entry, int i) {
  *entry.GetPtr<std::int8_t>("int8") = i * 37;
  *entry.GetPtr<std::uint8_t>("uint8") = i * 37;
  *entry.GetPtr<char>("character") = 'A' + i % 26;
}
void represent(ROOT::RFieldBase &field, std::vector<ROOT::ENTupleColumnType> types) {
  ROOT::RFieldBase::ColumnRepresentation_t one(types.begin(), types.end());
  field.SetColumnRepresentatives({one});
}
void represent_twice(ROOT::RFieldBase &field) {
  field.SetColumnRepresentatives({{ROOT::ENTupleColumnType::kReal32}, {ROOT::ENTupleColumnType::kReal16}});
}
void count(ROOT::RNTupleModel &model, std::string name, std::string source) {
  auto field = ROOT::RFieldBase::Create(name, "ROOT::RNTupleCardinality<std::uint32_t>").Unwrap();
  model.AddProjectedField(std::move(field), [source](const std::string &) { return source; });
}
""")
E = ROOT.ENTupleColumnType
INTEGERS = ["int16", "uint16", "int32", "uint32", "int64", "uint64"]
INDICES = ["Index32", "Index64", "SplitIndex32", "SplitIndex64"]


def whole(name, i):
    bits = int(name.removeprefix("u").removeprefix("int"))
    value = i * 1009 * 2 ** (bits - 10) % 2 ** (bits - 1)
    return value if name.startswith("u") or i % 2 else -value


def real(i):
    return math.sin(i * 0.7) * 10.0 ** (i % 5 - 2)


# field, C++ type, columns (None: ROOT's choice), value of an entry (None: see `small`)
FIELDS = [
    ("bit", "bool", [E.kBit], lambda i: i % 3 == 0),
    ("int8", "std::int8_t", [E.kInt8], None),
    ("uint8", "std::uint8_t", [E.kUInt8], None),
    ("character", "char", [E.kChar], None),
    ("double32", "double", [E.kSplitReal32], real),
]
for name in INTEGERS:
    kind = name.replace("int", "Int").replace("u", "U")
    for suffix, split in [("", "k"), ("_split", "kSplit")]:
        column = getattr(E, split + kind)
        FIELDS.append((name + suffix, f"std::{name}_t", [column], lambda i, n=name: whole(n, i)))
for name, kind in [("float", "Real32"), ("double", "Real64")]:
    for suffix, split in [("", "k"), ("_split", "kSplit")]:
        FIELDS.append((name + suffix, name, [getattr(E, split + kind)], real))
for index in INDICES:
    FIELDS.append(("v_" + index, "std::vector<float>", [getattr(E, "k" + index)],
                   lambda i: [real(i + k) for k in range(i * 5 % 4)]))
FIELDS += [
    ("v_int16", "std::vector<std::int16_t>", None, lambda i: [whole("int16", i)] * (i % 3)),
    ("fixed", "std::array<float,3>", None, lambda i: [real(i)] * 3),
    ("text", "std::string", None, lambda i: "x" * (i % 3)),
    ("nested", "std::vector<std::vector<float>>", None, lambda i: [[real(i)] * (i % 2)] * (i % 3)),
]


def fill(writer, reals, events):
    late = False
    entry = writer.CreateEntry()
    for i in range(events):
        if i == 130:
            updater = writer.CreateModelUpdater()
            updater.BeginUpdate()
            updater.AddField(ROOT.RFieldBase.Create("late", "float").Unwrap())
            updater.AddField(ROOT.RFieldBase.Create("late_v", "std::vector<std::int32_t>").Unwrap())
            updater.CommitUpdate()
            entry, late = writer.CreateEntry(), True
        ROOT.small(entry, i)
        for name, _, _, value in FIELDS:
            if value:
                entry[name] = value(i)
        for name in reals + ["two"]:
            entry[name] = math.sin(i * 0.7) * 10
        missing = entry["MET"]
        missing.pt, missing.phi, missing.vertex.z, missing.vertex.ndof = i / 2, i / 10, -i, i
        for name, step in [("Jet", 7), ("Muon", 3)]:
            particles = entry[name]
            particles.clear()
            for k in range(i * step % 5):
                particle = ROOT.Particle()
                particle.pt, particle.charge, particle.tight = i + k / 4, 1 - k % 2 * 2, k % 3 == 0
                particles.push_back(particle)
        if late:
            entry["late"], entry["late_v"] = i, [i] * (i % 3)
        writer.Fill(entry)
        if i in (99, 199):
            writer.CommitCluster(i == 199)


def main(path, events=300, compression=505):
    model = ROOT.RNTupleModel.CreateBare()
    for name, kind, columns, _ in FIELDS:
        field = ROOT.RFieldBase.Create(name, kind).Unwrap()
        if columns:
            ROOT.represent(field, columns)
        model.AddField(field)
    reals = ["half"] + [f"truncated{bits}" for bits in (10, 17, 31)]
    reals += [f"quantized{bits}" for bits in (1, 9, 20, 32)]
    for name in reals:
        bits = int(name.lstrip("halftruncqized") or 0)
        make = {"h": ROOT.half, "t": ROOT.truncated, "q": ROOT.quantized}[name[0]]
        model.AddField(make(name, bits) if bits else make(name))
    two = ROOT.RFieldBase.Create("two", "float").Unwrap()
    ROOT.represent_twice(two)
    model.AddField(two)
    model.AddField(ROOT.RFieldBase.Create("MET", "Missing").Unwrap())
    model.AddField(ROOT.RFieldBase.Create("Jet", "std::vector<Particle>").Unwrap())
    model.AddField(ROOT.RFieldBase.Create("Muon", "std::vector<Particle>").Unwrap())
    ROOT.count(model, "nJet", "Jet")  # nMuon is left to the reader
    for index in INDICES:
        ROOT.count(model, f"n_{index}", f"v_{index}")
    options = ROOT.RNTupleWriteOptions()
    options.SetCompression(compression)
    options.SetInitialUnzippedPageSize(64)
    options.SetMaxUnzippedPageSize(128)
    file = ROOT.TFile.Open(path, "RECREATE")
    with ROOT.RNTupleWriter.Append(model, "Events", file, options) as writer:
        fill(writer, reals, events)
    file.Close()

main("leaves_rntuple.root")
main("leaves_rntuple_none.root", 150, 0)
