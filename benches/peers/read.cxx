// Reads columns and sums each: compiled RDataFrame, or the reader of RNTuple
// with its views. What gpuana's reading is timed against.
//
//   read dataframe|views FILE THREADS COLUMN...
//
// COLUMN is a name, with `[]` behind it if it is jagged; all hold float32.
// Prints a line a column: its name and its sum.

#include <ROOT/RDataFrame.hxx>
#include <ROOT/RNTupleReader.hxx>
#include <ROOT/RVec.hxx>
#include <TROOT.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

struct Column {
   std::string name;
   bool jagged;
};

void Print(const Column &column, double sum)
{
   std::printf("%s %.17g\n", column.name.c_str(), sum);
}

void DataFrame(const char *file, const std::vector<Column> &columns)
{
   ROOT::RDataFrame frame("Events", file);
   std::vector<ROOT::RDF::RResultPtr<double>> sums;
   for (const auto &column : columns) {
      // Summed in double precision, as the others do.
      auto add = [](double sum, float x) { return sum + x; };
      auto addAll = [](double sum, const ROOT::RVec<float> &v) {
         for (float x : v)
            sum += x;
         return sum;
      };
      auto merge = [](double a, double b) { return a + b; };
      if (column.jagged)
         sums.push_back(frame.Aggregate(addAll, merge, column.name, 0.));
      else
         sums.push_back(frame.Aggregate(add, merge, column.name, 0.));
   }
   for (std::size_t i = 0; i < columns.size(); ++i)
      Print(columns[i], *sums[i]);
}

void Views(const char *file, const std::vector<Column> &columns)
{
   auto reader = ROOT::RNTupleReader::Open("Events", file);
   for (const auto &column : columns) {
      double sum = 0;
      if (column.jagged) {
         auto view = reader->GetView<ROOT::RVec<float>>(column.name);
         for (auto entry : *reader)
            for (float x : view(entry))
               sum += x;
      } else {
         auto view = reader->GetView<float>(column.name);
         for (auto entry : *reader)
            sum += view(entry);
      }
      Print(column, sum);
   }
}

} // namespace

int main(int argc, char **argv)
{
   if (argc < 5)
      return 1;
   const int threads = std::atoi(argv[3]);
   if (threads > 1)
      ROOT::EnableImplicitMT(threads);
   std::vector<Column> columns;
   for (int i = 4; i < argc; ++i) {
      std::string name = argv[i];
      const bool jagged = name.size() > 2 && name.substr(name.size() - 2) == "[]";
      columns.push_back({jagged ? name.substr(0, name.size() - 2) : name, jagged});
   }
   if (std::string(argv[1]) == "views")
      Views(argv[2], columns);
   else
      DataFrame(argv[2], columns);
}
